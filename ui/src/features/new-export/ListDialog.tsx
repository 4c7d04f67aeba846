import { Button, Group, Modal, Textarea } from '@mantine/core';
import { IconAlertTriangle, IconCheck, IconFileText, IconQuestionMark } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { useFormat } from '../../app/FormatContext';
import type { ErrorReport } from '../../bindings/ErrorReport';
import type { ListMatch } from '../../bindings/ListMatch';
import type { ListUse } from '../../bindings/ListUse';
import { ErrorNotice, reportOf } from '../../components/ErrorNotice';
import { ScrollBox } from '../../components/ScrollBox';
import { toast } from '../../components/toast';
import { useHost } from '../../host/context';
import { copyText } from './copyText';
import { useActs } from './useActs';
import classes from './Dialogs.module.css';

/** A pause after the last key, before a long list is looked up. */
const DEBOUNCE_MS = 250;

/** A pasted or opened list of patients' ids: what was found, what was not, and what to do with it. */
export function ListDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      size={720}
      title={t('newExport.list.title')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Content onClose={onClose} />
    </Modal>
  );
}

function Content({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const host = useHost();
  const { act } = useActs();
  const [text, setText] = useState('');
  const [match, setMatch] = useState<ListMatch | null>(null);
  const [looking, setLooking] = useState(false);
  const [problem, setProblem] = useState<ErrorReport | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const latest = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);

  const look = async (ask: () => Promise<ListMatch | null>, emptyKeeps: boolean) => {
    const turn = (latest.current += 1);
    setLooking(true);
    setProblem(null);
    try {
      const found = await ask();
      if (latest.current === turn && (found !== null || !emptyKeeps)) setMatch(found);
    } catch (error) {
      if (latest.current === turn) setProblem(reportOf(error));
    } finally {
      if (latest.current === turn) setLooking(false);
    }
  };
  const type = (value: string) => {
    setText(value);
    clearTimeout(timer.current);
    if (value.trim() === '') {
      latest.current += 1;
      setLooking(false);
      setMatch(null);
      return;
    }
    setLooking(true);
    timer.current = setTimeout(
      () => void look(() => host.call('match_list', { text: value }), false),
      DEBOUNCE_MS,
    );
  };
  const openFile = () => {
    clearTimeout(timer.current);
    setText('');
    void look(() => host.call('open_list', {}), true);
  };
  const apply = async (list: number, how: ListUse) => {
    const state = await act('patients', 'use_list', { list, how });
    if (state) onClose();
  };

  const usable = match !== null && match.matched > 0 && !looking ? match : null;
  const button = (how: ListUse) => ({
    disabled: usable === null,
    onClick: () => usable && void apply(usable.list, how),
  });
  return (
    <div className={classes.stack}>
      <p className={classes.about}>{t('newExport.list.about')}</p>
      <Textarea
        data-autofocus
        aria-label={t('newExport.list.text')}
        className={classes.mono}
        rows={8}
        spellCheck={false}
        value={text}
        onChange={(event) => type(event.currentTarget.value)}
      />
      <Group gap={8}>
        <Button
          variant="default"
          leftSection={<IconFileText size={14} stroke={1.75} aria-hidden />}
          onClick={openFile}
        >
          {t('newExport.list.open')}
        </Button>
        {match?.file != null && (
          <span className={`name ${classes.about ?? ''}`}>
            {t('newExport.list.file', { name: match.file })}
          </span>
        )}
      </Group>
      {problem && <ErrorNotice report={problem} />}
      <div aria-live="polite" className={classes.result} data-testid="list-result">
        {looking && <p className={classes.about}>{t('newExport.list.looking')}</p>}
        {!looking && match && (
          <>
            <p className={classes.line}>
              {match.matched > 0 ? (
                <IconCheck size={16} stroke={2} className={classes.good} aria-hidden />
              ) : (
                <IconAlertTriangle size={16} stroke={2} className={classes.warn} aria-hidden />
              )}
              <strong>
                {t('newExport.list.matched', { count: match.matched, n: format.count(match.matched) })}
              </strong>
              {match.matched > match.matching && (
                <span className={classes.about}>
                  {t('newExport.list.outside', {
                    count: match.matched - match.matching,
                    n: format.count(match.matched - match.matching),
                  })}
                </span>
              )}
            </p>
            {match.unmatched_total > 0 && (
              <>
                <p className={classes.line}>
                  <IconQuestionMark size={16} stroke={2} className={classes.warn} aria-hidden />
                  <strong>
                    {t('newExport.list.unmatched', {
                      count: match.unmatched_total,
                      n: format.count(match.unmatched_total),
                    })}
                  </strong>
                  <Button
                    variant="subtle"
                    size="compact-xs"
                    onClick={() =>
                      void copyText(match.unmatched.join('\n')).then(() =>
                        toast({ message: t('common.copied') }),
                      )
                    }
                  >
                    {t('newExport.list.copy')}
                  </Button>
                </p>
                <p className={classes.about}>
                  {t('newExport.list.unmatchedAbout')}
                  {match.unmatched_total > match.unmatched.length &&
                    ` ${t('newExport.list.unmatchedFirst', { n: format.count(match.unmatched.length) })}`}
                </p>
                <ScrollBox className={classes.ids} label={t('newExport.list.unmatchedAbout')}>
                  <pre>{match.unmatched.join('\n')}</pre>
                </ScrollBox>
              </>
            )}
          </>
        )}
      </div>
      <Group gap={8} justify="flex-end">
        <Button variant="default" {...button('show')}>
          {t('newExport.list.showOnly')}
        </Button>
        <Button variant="default" {...button('remove')}>
          {t('newExport.list.remove')}
        </Button>
        <Button variant="default" {...button('add')}>
          {t('newExport.list.add')}
        </Button>
        <Button {...button('replace')}>{t('newExport.list.replace')}</Button>
      </Group>
    </div>
  );
}
