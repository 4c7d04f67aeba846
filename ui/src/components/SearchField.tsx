import { CloseButton, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useEffect, useRef, useState, type Ref } from 'react';

import { Kbd } from './Kbd';

/** The text follows the keys at once, what is asked a little later. */
const DEBOUNCE_MS = 60;

interface Props {
  text: string;
  onText: (text: string) => void;
  /** Down, Enter, Escape in an empty field: to what is searched. */
  onLeave: () => void;
  label: string;
  placeholder: string;
  /** What the button says that empties it. */
  clear: string;
  about?: string;
  testId: string;
  ref: Ref<HTMLInputElement>;
}

/** Searches while one types. */
export function SearchField({ text, onText, onLeave, label, placeholder, clear, about, testId, ref }: Props) {
  // What is typed and not yet asked for.
  const [typed, setTyped] = useState<string | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const shown = typed ?? text;
  const send = (value: string) => {
    clearTimeout(timer.current);
    setTyped(null);
    onText(value);
  };
  return (
    <TextInput
      ref={ref}
      data-testid={testId}
      size="xs"
      type="search"
      spellCheck={false}
      autoComplete="off"
      maxLength={1000}
      style={{ flex: 1 }}
      aria-label={label}
      placeholder={placeholder}
      title={about}
      leftSection={<IconSearch size={14} stroke={1.75} aria-hidden />}
      rightSection={
        shown === '' ? (
          <span aria-hidden>
            <Kbd keys={['/']} />
          </span>
        ) : (
          <CloseButton aria-label={clear} onClick={() => send('')} />
        )
      }
      value={shown}
      onChange={(event) => {
        const { value } = event.currentTarget;
        setTyped(value);
        clearTimeout(timer.current);
        timer.current = setTimeout(() => send(value), DEBOUNCE_MS);
      }}
      onKeyDown={(event) => {
        // Keys of an input method are its own.
        if (event.nativeEvent.isComposing) return;
        if (event.key === 'Escape' && shown !== '') {
          event.preventDefault();
          event.stopPropagation();
          send('');
        } else if (
          event.key === 'ArrowDown' ||
          (event.key === 'Enter' && !event.ctrlKey) ||
          event.key === 'Escape'
        ) {
          event.preventDefault();
          if (typed !== null) send(typed);
          onLeave();
        }
      }}
    />
  );
}
