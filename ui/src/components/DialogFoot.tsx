import { Button } from '@mantine/core';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';

import classes from './DialogForm.module.css';

interface Props {
  test: { label: string; busy: boolean; onClick: () => void };
  submit: { label: string; busy: boolean };
  /** Why neither can be done yet; nothing where both can. */
  lacks: string | null;
  onCancel: () => void;
}

/** The foot of a form that reaches out: a test of what was typed, and the step itself. Both can be come to by keys, and say why not. */
export function DialogFoot({ test, submit, lacks, onCancel }: Props) {
  const { t } = useTranslation();
  const reason = useId();
  const blocked = lacks !== null || test.busy || submit.busy;
  return (
    <div className={classes.foot}>
      <Button
        variant="default"
        loading={test.busy}
        aria-disabled={blocked}
        aria-describedby={reason}
        onClick={test.onClick}
      >
        {test.label}
      </Button>
      <span id={reason} className={classes.reason}>
        {lacks}
      </span>
      <Button variant="default" onClick={onCancel}>
        {t('common.cancel')}
      </Button>
      <Button type="submit" loading={submit.busy} aria-disabled={blocked} aria-describedby={reason}>
        {submit.label}
      </Button>
    </div>
  );
}
