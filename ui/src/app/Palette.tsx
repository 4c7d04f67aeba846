import { Modal } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useEffect, useId, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';

import { Kbd } from '../components/Kbd';
import { fitting, useOffered, type Command } from './commands';
import { useFormat } from './FormatContext';
import { ABOVE_MESSAGES } from '../theme/theme';
import classes from './Palette.module.css';

/** More than this nobody reads: one types on. */
const MOST = 60;

interface Props {
  opened: boolean;
  onClose: () => void;
}

/** Everything that can be done, by typing. A combobox in a dialog: the focus stays in the field. */
export function Palette({ opened, onClose }: Props) {
  const { t } = useTranslation();
  return (
    <Modal.Root
      opened={opened}
      onClose={onClose}
      yOffset="12vh"
      size={560}
      padding={0}
      zIndex={ABOVE_MESSAGES}
    >
      <Modal.Overlay />
      <Modal.Content aria-label={t('common.palette.title')} classNames={{ content: classes.content }}>
        <Body onClose={onClose} />
      </Modal.Content>
    </Modal.Root>
  );
}

function Body({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const id = useId();
  const offered = useOffered();
  const [typed, setTyped] = useState('');
  const [at, setAt] = useState(0);
  const list = useRef<HTMLDivElement>(null);

  const found = useMemo(() => fitting(offered, typed), [offered, typed]);
  const groups = useMemo(() => grouped(found.slice(0, MOST)), [found]);
  const flat = useMemo(() => groups.flatMap((group) => group.commands), [groups]);
  const current = flat[Math.min(at, flat.length - 1)];
  const optionId = (command: Command) => `${id}-${command.id}`;

  useEffect(() => {
    if (current)
      list.current
        ?.querySelector(`[id="${CSS.escape(`${id}-${current.id}`)}"]`)
        ?.scrollIntoView({ block: 'nearest' });
  }, [current, id]);

  const run = (command: Command) => {
    onClose();
    command.run();
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const last = flat.length - 1;
    const move = (to: number) => {
      event.preventDefault();
      setAt(to);
    };
    const now = Math.min(at, last);
    if (event.key === 'ArrowDown') move(now >= last ? 0 : now + 1);
    else if (event.key === 'ArrowUp') move(now <= 0 ? last : now - 1);
    else if (event.key === 'PageDown') move(Math.min(last, now + 8));
    else if (event.key === 'PageUp') move(Math.max(0, now - 8));
    else if (event.key === 'Enter' && !event.nativeEvent.isComposing) {
      event.preventDefault();
      if (current) run(current);
    }
  };

  return (
    <>
      <div className={classes.field}>
        <IconSearch size={16} stroke={1.75} aria-hidden className={classes.icon} />
        <input
          className={classes.input}
          data-autofocus
          type="text"
          role="combobox"
          aria-label={t('common.palette.title')}
          aria-expanded
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={current ? optionId(current) : undefined}
          autoComplete="off"
          spellCheck={false}
          placeholder={t('common.palette.placeholder')}
          value={typed}
          onChange={(event) => {
            setTyped(event.currentTarget.value);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <div
        ref={list}
        id={`${id}-list`}
        role="listbox"
        tabIndex={-1}
        aria-label={t('common.palette.results')}
        className={classes.list}
        data-empty={flat.length === 0 || undefined}
      >
        {groups.map((group) => (
          <div key={group.name} role="group" aria-label={group.name}>
            <div className={classes.group} aria-hidden>
              {group.name}
            </div>
            {group.commands.map((command) => (
              <Option
                key={command.id}
                id={optionId(command)}
                command={command}
                selected={command === current}
                onRun={() => run(command)}
              />
            ))}
          </div>
        ))}
      </div>
      {flat.length === 0 && (
        <p className={classes.empty}>{t('common.palette.empty', { typed: typed.trim() })}</p>
      )}
      <div className="visually-hidden" role="status">
        {t('common.palette.count', { count: found.length, number: format.count(found.length) })}
      </div>
    </>
  );
}

interface OptionProps {
  id: string;
  command: Command;
  selected: boolean;
  onRun: () => void;
}

function Option({ id, command, selected, onRun }: OptionProps) {
  const Picture = command.icon;
  return (
    // The field has the keys; an option is only clicked.
    // eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
    <div id={id} role="option" aria-selected={selected} className={classes.option} onClick={onRun}>
      {Picture ? <Picture size={16} stroke={1.75} aria-hidden className={classes.icon} /> : null}
      <span className={command.name === true ? `name ${classes.label}` : classes.label}>{command.label}</span>
      {command.keys && <Kbd keys={command.keys} />}
    </div>
  );
}

/** By group, in the order in which each group comes first. */
function grouped(commands: readonly Command[]): { name: string; commands: Command[] }[] {
  const groups = new Map<string, Command[]>();
  for (const command of commands) {
    const group = groups.get(command.group);
    if (group) group.push(command);
    else groups.set(command.group, [command]);
  }
  return [...groups].map(([name, of]) => ({ name, commands: of }));
}
