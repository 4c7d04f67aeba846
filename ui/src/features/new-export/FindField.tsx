import type { Ref } from 'react';
import { useTranslation } from 'react-i18next';

import { SearchField } from '../../components/SearchField';
import { useWishes } from './wishes';

interface Props {
  ref: Ref<HTMLInputElement>;
  /** Down, Enter: to the tree. */
  onLeave: () => void;
}

/** Filters the tree by text while one types. */
export function FindField({ ref, onLeave }: Props) {
  const { t } = useTranslation();
  const { filter, setFilter } = useWishes();
  return (
    <SearchField
      ref={ref}
      testId="filter"
      label={t('newExport.find.label')}
      placeholder={t('newExport.find.placeholder')}
      clear={t('newExport.find.clear')}
      text={filter.text}
      onText={(text) => setFilter((before) => ({ ...before, text }))}
      onLeave={onLeave}
    />
  );
}
