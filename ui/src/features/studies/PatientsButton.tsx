import { Button, Popover } from '@mantine/core';
import { IconUsers } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import classes from './Studies.module.css';

interface Props {
  /** A project is open, for patients to be selected in. */
  project: boolean;
  /** Some patient has a record number. */
  recordNumbers: boolean;
  onUse: () => void;
}

/** The way to a new export; where studies can match nobody, it says why, and what would help. */
export function PatientsButton({ project, recordNumbers, onUse }: Props) {
  const { t } = useTranslation();
  const [opened, setOpened] = useState(false);
  const ready = project && recordNumbers;
  const button = (
    <Button
      variant="default"
      data-testid="studies-patients"
      leftSection={<IconUsers size={14} stroke={1.75} aria-hidden />}
      {...(ready ? {} : { 'aria-haspopup': 'dialog' as const, 'aria-expanded': opened })}
      onClick={() => (ready ? onUse() : setOpened((before) => !before))}
    >
      {t('studies.patients.use')}
    </Button>
  );
  if (ready) return button;
  return (
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
      </Popover.Dropdown>
    </Popover>
  );
}
