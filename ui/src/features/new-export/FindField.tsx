import { CloseButton, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useEffect, useRef, useState, type Ref } from 'react';
import { useTranslation } from 'react-i18next';

import { Kbd } from '../../components/Kbd';
import { useWishes } from './wishes';

/** The text follows the keys at once, the filter a little later. */
const DEBOUNCE_MS = 60;

interface Props {
  ref: Ref<HTMLInputElement>;
  /** Down, Enter: to the tree. */
  onLeave: () => void;
}

/** Filters the tree by text while one types. */
export function FindField({ ref, onLeave }: Props) {
  const { t } = useTranslation();
  const { filter, setFilter } = useWishes();
  // What is typed and not yet wished; the filter's own text else.
  const [typed, setTyped] = useState<string | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const text = typed ?? filter.text;

  const send = (value: string) => {
    clearTimeout(timer.current);
    setTyped(null);
    setFilter((before) => ({ ...before, text: value }));
  };
  const type = (value: string) => {
    setTyped(value);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => send(value), DEBOUNCE_MS);
  };

  return (
    <TextInput
      ref={ref}
      data-testid="filter"
      size="xs"
      type="search"
      spellCheck={false}
      autoComplete="off"
      maxLength={1000}
      style={{ flex: 1 }}
      aria-label={t('newExport.find.label')}
      placeholder={t('newExport.find.placeholder')}
      leftSection={<IconSearch size={14} stroke={1.75} aria-hidden />}
      rightSection={
        text === '' ? (
          <span aria-hidden>
            <Kbd keys={['/']} />
          </span>
        ) : (
          <CloseButton aria-label={t('newExport.find.clear')} onClick={() => send('')} />
        )
      }
      value={text}
      onChange={(event) => type(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && text !== '') {
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
