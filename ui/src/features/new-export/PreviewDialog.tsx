import { Modal } from '@mantine/core';
import { IconFile, IconFolder, IconInfoCircle } from '@tabler/icons-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { useFormat } from '../../app/FormatContext';
import type { ArchivePreview } from '../../bindings/ArchivePreview';
import type { ErrorReport } from '../../bindings/ErrorReport';
import { ErrorNotice, reportOf } from '../../components/ErrorNotice';
import { ScrollBox } from '../../components/ScrollBox';
import { useLines } from '../../components/useLines';
import { useHost } from '../../host/context';
import { previewLines } from './previewLines';
import { TaskLine } from './TaskLine';
import type { ExportForm } from './useExportForm';
import { useTask, wasCancelled } from '../../api/useTask';
import { useWishes } from './wishes';
import classes from './Dialogs.module.css';

const LINE = 24;

interface Props {
  form: ExportForm;
  opened: boolean;
  onClose: () => void;
}

/** The ZIP before it is made: its tree and its metadata.json. */
export function PreviewDialog({ form, opened, onClose }: Props) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      size={960}
      title={t('newExport.preview.title')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Content form={form} onClose={onClose} />
    </Modal>
  );
}

function Content({ form, onClose }: { form: ExportForm; onClose: () => void }) {
  const { t } = useTranslation();
  const host = useHost();
  const { running, cancelling, progress, run, cancel } = useTask();
  const { settled } = useWishes();
  const [preview, setPreview] = useState<ArchivePreview | null>(null);
  const [problem, setProblem] = useState<ErrorReport | null>(null);
  const asked = useRef(false);
  const stop = useRef(cancel);
  useEffect(() => {
    stop.current = cancel;
  }, [cancel]);
  // Closing the dialog ends the looking.
  useEffect(() => () => stop.current(), []);

  const { name, notes } = form;
  useEffect(() => {
    if (asked.current) return;
    asked.current = true;
    run(async (task, goOn) => {
      const revision = await settled();
      goOn();
      return host.call('preview', { task, revision, name, notes });
    }).then(setPreview, (error: unknown) => {
      if (wasCancelled(error)) onClose();
      else setProblem(reportOf(error));
    });
  }, [run, settled, host, name, notes, onClose]);

  return (
    <div className={classes.body}>
      <div className={classes.note}>
        <IconInfoCircle size={16} stroke={1.75} aria-hidden />
        <span>{t('newExport.preview.note')}</span>
      </div>
      {problem && <ErrorNotice report={problem} />}
      {!preview && !problem && (
        <div className={classes.waiting}>
          {running && (
            <TaskLine
              label={t('newExport.preview.preparing')}
              progress={progress}
              cancelling={cancelling}
              onCancel={cancel}
            />
          )}
        </div>
      )}
      {preview && <Panes preview={preview} />}
    </div>
  );
}

function Panes({ preview }: { preview: ArchivePreview }) {
  const { t } = useTranslation();
  const format = useFormat();
  const lines = useMemo(() => previewLines(preview.entries), [preview.entries]);
  const box = useRef<HTMLDivElement>(null);
  const virtualizer = useLines(box, lines.length, LINE);
  const items = virtualizer.getVirtualItems();
  const all = preview.entries_total;
  const shown = preview.entries.length;
  return (
    <div className={classes.panes}>
      <div className={classes.pane}>
        <h3>
          {t('newExport.preview.tree')}
          <span>
            {shown < all
              ? t('newExport.preview.first', { count: shown, n: format.count(shown), of: format.count(all) })
              : t('newExport.preview.entries', { count: all, n: format.count(all) })}
          </span>
        </h3>
        <ScrollBox ref={box} className={classes.scroll} label={t('newExport.preview.tree')}>
          <div style={{ height: virtualizer.getTotalSize(), position: 'relative' }}>
            <div
              role="list"
              style={{
                position: 'absolute',
                insetInline: 0,
                transform: `translateY(${items[0]?.start ?? 0}px)`,
              }}
            >
              {items.map(({ index }) => {
                const line = lines[index];
                if (!line) return null;
                return (
                  <div
                    key={index}
                    role="listitem"
                    className={classes.entry}
                    style={{ paddingLeft: 8 + line.depth * 16 }}
                  >
                    {line.folder ? (
                      <IconFolder size={14} stroke={1.75} aria-hidden />
                    ) : (
                      <IconFile size={14} stroke={1.75} aria-hidden />
                    )}
                    <span className={`name ${classes.entryName ?? ''}`} title={line.name}>
                      {line.name}
                    </span>
                    {!line.folder && (
                      <span className={classes.entryBytes}>
                        {line.bytes === null ? t('newExport.preview.atEnd') : format.bytes(line.bytes)}
                      </span>
                    )}
                  </div>
                );
              })}
            </div>
          </div>
        </ScrollBox>
      </div>
      <div className={classes.pane}>
        <h3>
          {t('newExport.preview.metadata')}
          <span>
            {t(preview.metadata_whole ? 'newExport.preview.metadataWhole' : 'newExport.preview.metadataCut')}
          </span>
        </h3>
        <ScrollBox className={classes.scroll} label={t('newExport.preview.metadata')}>
          <pre className={classes.json}>{preview.metadata}</pre>
        </ScrollBox>
      </div>
    </div>
  );
}
