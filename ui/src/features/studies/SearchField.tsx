import { CloseButton, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useEffect, useRef, useState, type Ref } from 'react';
import { useTranslation } from 'react-i18next';

import { Kbd } from '../../components/Kbd';

/** The text follows the keys at once, the question a little later. */
const DEBOUNCE_MS = 80;

interface Props {
  text: string;
  onText: (text: string) => void;
  /** Down, Enter: to the table. */
  onLeave: () => void;
  ref: Ref<HTMLInputElement>;
}

/** Looks for a text in the nine searched fields while one types. */
export function SearchField({ text, onText, onLeave, ref }: Props) {
  const { t } = useTranslation();
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
      data-testid="studies-search"
      size="xs"
      type="search"
      spellCheck={false}
      autoComplete="off"
      maxLength={1000}
      style={{ flex: 1 }}
      aria-label={t('studies.search.label')}
      placeholder={t('studies.search.placeholder')}
      title={t('studies.search.about')}
      leftSection={<IconSearch size={14} stroke={1.75} aria-hidden />}
      rightSection={
        shown === '' ? (
          <span aria-hidden>
            <Kbd keys={['/']} />
          </span>
        ) : (
          <CloseButton aria-label={t('studies.search.clear')} onClick={() => send('')} />
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
