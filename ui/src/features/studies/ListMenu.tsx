import { Button, Group, Menu, Modal, Progress } from '@mantine/core';
import { IconChevronDown, IconTableImport, IconTrash } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

import { useFormat } from '../../app/FormatContext';
import type { StudyListView } from '../../bindings/StudyListView';
import type { StudyList } from './useStudyList';
import { RejectedRows } from './RejectedRows';
import classes from './Studies.module.css';

interface Props {
  list: StudyList;
  /** The one that is looked at. */
  view: StudyListView | null;
  zone: string;
}

/** The ways to a list of studies, and away from it. */
export function ListMenu({ list, view, zone }: Props) {
  const { t } = useTranslation();
  return (
    <Menu position="bottom-end" width={320}>
      <Menu.Target>
        <Button
          variant="default"
          data-testid="studies-list"
          loading={list.task.running}
          leftSection={<IconTableImport size={14} stroke={1.75} aria-hidden />}
          rightSection={<IconChevronDown size={14} stroke={1.75} aria-hidden />}
        >
          {t('studies.list.menu')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          leftSection={<IconTableImport size={16} stroke={1.75} aria-hidden />}
          onClick={() => list.open(zone)}
        >
          {t('studies.list.open')}
        </Menu.Item>
        <Menu.Label className={classes.told}>
          {t('studies.list.about')} {t('studies.list.zone', { zone })}
        </Menu.Label>
        {view && (
          <>
            <Menu.Divider />
            <Menu.Item
              leftSection={<IconTrash size={16} stroke={1.75} aria-hidden />}
              onClick={() => list.forget()}
            >
              {t('studies.list.forget')}
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

/** While a list is read, and what became of it: stays while the studies below are read anew. */
export function ListDialogs({ list }: { list: StudyList }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { progress, cancelling, cancel } = list.task;
  const rows = progress?.files_done ?? 0;
  return (
    <>
      <Modal
        opened={progress !== undefined}
        onClose={cancel}
        withCloseButton={false}
        closeOnClickOutside={false}
        title={t('studies.list.reading')}
        size={360}
      >
        <Progress value={100} animated size="sm" aria-label={t('studies.list.reading')} />
        <p className={classes.why} role="status">
          {t('studies.list.rows', { count: rows, n: format.count(rows) })}
        </p>
        <Group justify="flex-end">
          <Button variant="default" loading={cancelling} onClick={cancel} data-autofocus>
            {t('common.cancel')}
          </Button>
        </Group>
      </Modal>
      <RejectedRows report={list.report} onClose={list.dismiss} />
    </>
  );
}
