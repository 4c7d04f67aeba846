import { Button, Menu, Popover } from '@mantine/core';
import { IconChevronDown, IconId, IconTrash, IconUserPlus, IconUsers } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { useFormat } from '../../app/FormatContext';
import { RejectedRows } from './RejectedRows';
import { useRecordNumbers } from './useRecordNumbers';
import classes from './Studies.module.css';

interface Props {
  /** A project is open, for patients to be selected in. */
  project: boolean;
  /** Some patient has a record number, in the registry or in a table of the user's. */
  recordNumbers: boolean;
  /** Record numbers of a table of the user's. */
  own: number;
  onUse: (add: boolean) => void;
}

/** The way to a new export; where studies can match nobody, it says why, and what would help. */
export function PatientsButton({ project, recordNumbers, own, onUse }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const [opened, setOpened] = useState(false);
  const numbers = useRecordNumbers();
  const ready = project && recordNumbers;
  const button = (
    <Button
      variant="default"
      data-testid="studies-patients"
      leftSection={<IconUsers size={14} stroke={1.75} aria-hidden />}
      {...(ready ? {} : { 'aria-haspopup': 'dialog' as const, 'aria-expanded': opened })}
      onClick={() => (ready ? onUse(false) : setOpened((before) => !before))}
    >
      {t('studies.patients.use')}
    </Button>
  );
  return (
    <>
      <Button.Group>
        {ready ? (
          button
        ) : (
          <Popover
            opened={opened}
            onChange={setOpened}
            position="bottom-end"
            width={300}
            trapFocus
            returnFocus
            shadow="sm"
          >
            <Popover.Target>{button}</Popover.Target>
            <Popover.Dropdown p={12} aria-label={t('studies.patients.use')}>
              <p className={classes.why} tabIndex={-1} data-autofocus>
                {project ? t('studies.patients.none') : t('studies.patients.noProject')}
              </p>
              {project && (
                <>
                  <p className={classes.why}>{t('studies.patients.importAbout')}</p>
                  <Button
                    variant="default"
                    loading={numbers.busy}
                    leftSection={<IconId size={14} stroke={1.75} aria-hidden />}
                    onClick={numbers.open}
                  >
                    {t('studies.patients.import')}
                  </Button>
                </>
              )}
            </Popover.Dropdown>
          </Popover>
        )}
        {ready && (
          <Menu position="bottom-end" width={300}>
            <Menu.Target>
              <Button variant="default" px={6} loading={numbers.busy} aria-label={t('studies.patients.more')}>
                <IconChevronDown size={14} stroke={1.75} aria-hidden />
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item
                leftSection={<IconUserPlus size={16} stroke={1.75} aria-hidden />}
                onClick={() => onUse(true)}
              >
                {t('studies.patients.add')}
              </Menu.Item>
              <Menu.Divider />
              {own > 0 && (
                <Menu.Label>{t('studies.patients.own', { count: own, n: format.count(own) })}</Menu.Label>
              )}
              <Menu.Item
                leftSection={<IconId size={16} stroke={1.75} aria-hidden />}
                title={t('studies.patients.importAbout')}
                onClick={numbers.open}
              >
                {t('studies.patients.import')}
              </Menu.Item>
              {own > 0 && (
                <Menu.Item
                  leftSection={<IconTrash size={16} stroke={1.75} aria-hidden />}
                  onClick={numbers.forget}
                >
                  {t('studies.patients.forget')}
                </Menu.Item>
              )}
            </Menu.Dropdown>
          </Menu>
        )}
      </Button.Group>
      <RejectedRows report={numbers.report} onClose={numbers.dismiss} />
    </>
  );
}
