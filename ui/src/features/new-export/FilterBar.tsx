import { Button, Popover, SegmentedControl, TextInput } from '@mantine/core';
import { IconChevronDown, IconX } from '@tabler/icons-react';
import { useState, type Ref } from 'react';
import { useTranslation } from 'react-i18next';

import { useFormat } from '../../app/FormatContext';
import type { BrowseState } from '../../bindings/BrowseState';
import { Check } from '../../components/Check';
import { narrows, noFilter, toggled } from './filter';
import { useWishes } from './wishes';
import classes from './FilterBar.module.css';

/** Tags shown at once; a longer list is narrowed by typing. */
const MOST_TAGS = 200;

/** What narrows the tree: tags, modalities that must be there, certain patients. */
export function FilterBar({ state }: { state: BrowseState }) {
  const { t } = useTranslation();
  const { filter, setFilter } = useWishes();
  const modality = (id: number) => state.modalities.find((each) => each.id === id)?.slug ?? String(id);
  const { among } = filter;
  const amongName =
    among === null
      ? ''
      : among.type === 'lacking'
        ? t('newExport.filter.among.lacking', { name: modality(among.modality) })
        : t(`newExport.filter.among.${among.type}`);

  return (
    <div className={classes.bar} role="group" aria-label={t('newExport.filter.label')}>
      <TagMenu state={state} />
      {filter.tags.map((id) => (
        <Chip
          key={id}
          name={state.tags.find((tag) => tag.id === id)?.name ?? String(id)}
          onRemove={() => setFilter((before) => ({ ...before, tags: toggled(before.tags, id) }))}
        />
      ))}
      {filter.tags.length > 0 && (
        <SegmentedControl
          className={classes.mode}
          aria-label={t('newExport.filter.mode')}
          value={filter.tag_mode}
          onChange={(value) => setFilter((before) => ({ ...before, tag_mode: value }))}
          data={[
            { value: 'any', label: t('newExport.filter.modeAny') },
            { value: 'all', label: t('newExport.filter.modeAll') },
            { value: 'none', label: t('newExport.filter.modeNone') },
          ]}
        />
      )}
      <HasMenu state={state} />
      {filter.modalities.map((id) => (
        <Chip
          key={id}
          name={t('newExport.filter.hasChip', { name: modality(id) })}
          onRemove={() => setFilter((before) => ({ ...before, modalities: toggled(before.modalities, id) }))}
        />
      ))}
      {among !== null && (
        <Chip name={amongName} strong onRemove={() => setFilter((before) => ({ ...before, among: null }))} />
      )}
      {narrows(filter) && (
        <Button
          variant="subtle"
          color="gray"
          size="compact-xs"
          onClick={() => setFilter(noFilter)}
          title={t('newExport.tree.clearFilter')}
        >
          {t('newExport.filter.clear')}
        </Button>
      )}
    </div>
  );
}

function Chip({ name, strong = false, onRemove }: { name: string; strong?: boolean; onRemove: () => void }) {
  const { t } = useTranslation();
  return (
    <span className={classes.chip} data-strong={strong || undefined}>
      <span className="name" title={name}>
        {name}
      </span>
      <button
        type="button"
        className={classes.remove}
        aria-label={t('newExport.filter.remove', { name })}
        onClick={onRemove}
      >
        <IconX size={12} stroke={2} aria-hidden />
      </button>
    </span>
  );
}

interface MenuButtonProps {
  label: string;
  opened: boolean;
  onClick: () => void;
  ref?: Ref<HTMLButtonElement>;
}

function MenuButton({ label, opened, onClick, ref }: MenuButtonProps) {
  return (
    <Button
      ref={ref}
      variant="default"
      size="compact-xs"
      aria-haspopup="dialog"
      aria-expanded={opened}
      rightSection={<IconChevronDown size={12} stroke={2} aria-hidden />}
      onClick={onClick}
    >
      {label}
    </Button>
  );
}

function TagMenu({ state }: { state: BrowseState }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { filter, setFilter } = useWishes();
  const [opened, setOpened] = useState(false);
  const [text, setText] = useState('');
  const wanted = text.trim().toLocaleLowerCase();
  const matching = state.tags.filter((tag) => tag.name.toLocaleLowerCase().includes(wanted));
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-start" trapFocus returnFocus shadow="sm">
      <Popover.Target>
        <MenuButton
          label={t('newExport.filter.tags')}
          opened={opened}
          onClick={() => setOpened((before) => !before)}
        />
      </Popover.Target>
      <Popover.Dropdown p={8} w={280} aria-label={t('newExport.filter.tags')}>
        {state.tags.length === 0 ? (
          <p className={classes.hint}>{t('newExport.filter.noTags')}</p>
        ) : (
          <>
            <TextInput
              size="xs"
              data-autofocus
              aria-label={t('newExport.filter.tagSearch')}
              placeholder={t('newExport.filter.tagSearch')}
              value={text}
              onChange={(event) => setText(event.currentTarget.value)}
            />
            <div className={classes.options}>
              {matching.slice(0, MOST_TAGS).map((tag) => (
                <Check
                  key={tag.id}
                  className={classes.option}
                  checked={filter.tags.includes(tag.id)}
                  onChange={() => setFilter((before) => ({ ...before, tags: toggled(before.tags, tag.id) }))}
                >
                  <span className={`name ${classes.optionName ?? ''}`} title={tag.name}>
                    {tag.name}
                  </span>
                  <span className={classes.optionCount} data-zero={tag.patients === 0 || undefined}>
                    {format.count(tag.patients)}
                  </span>
                </Check>
              ))}
              {matching.length === 0 && <p className={classes.hint}>{t('newExport.filter.noSuchTag')}</p>}
              {matching.length > MOST_TAGS && (
                <p className={classes.hint}>
                  {t('newExport.filter.moreTags', { n: format.count(matching.length - MOST_TAGS) })}
                </p>
              )}
            </div>
          </>
        )}
      </Popover.Dropdown>
    </Popover>
  );
}

function HasMenu({ state }: { state: BrowseState }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { filter, setFilter } = useWishes();
  const [opened, setOpened] = useState(false);
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-start" trapFocus returnFocus shadow="sm">
      <Popover.Target>
        <MenuButton
          label={t('newExport.filter.has')}
          opened={opened}
          onClick={() => setOpened((before) => !before)}
        />
      </Popover.Target>
      <Popover.Dropdown p={8} w={280} aria-label={t('newExport.filter.has')}>
        <p className={classes.hint}>{t('newExport.filter.hasHelp')}</p>
        <div className={classes.options}>
          {state.modalities.map((modality) => (
            <Check
              key={modality.id}
              className={classes.option}
              checked={filter.modalities.includes(modality.id)}
              onChange={() =>
                setFilter((before) => ({ ...before, modalities: toggled(before.modalities, modality.id) }))
              }
            >
              <span className={`name ${classes.optionName ?? ''}`} title={modality.name}>
                {modality.slug}
              </span>
              <span className={classes.optionCount} data-zero={modality.patients === 0 || undefined}>
                {format.count(modality.patients)}
              </span>
            </Check>
          ))}
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
