import { Button, Group, Radio, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { closeConnecting, type Lacking } from '../../api/connecting';
import { keys } from '../../api/keys';
import { useRegistry } from '../../api/registry';
import type { ErrorReport } from '../../bindings/ErrorReport';
import { Check } from '../../components/Check';
import { ErrorNotice, reportOf } from '../../components/ErrorNotice';
import { ScrollBox } from '../../components/ScrollBox';
import { useHost } from '../../host/context';
import classes from '../../components/DialogForm.module.css';

/** More users than this are looked for by name. */
const FEW = 8;

/** As whom a registry is opened that has users alone. */
export function AsWhom({ of }: { of: Extract<Lacking, { step: 'user' }> }) {
  const { t } = useTranslation();
  const host = useHost();
  const registry = useRegistry();
  const users = useQuery({
    queryKey: keys.users(of.id),
    queryFn: () => host.call('registry_users', { id: of.id }),
  });
  const [typed, setTyped] = useState('');
  const [user, setUser] = useState<string | null>(null);
  const [only, setOnly] = useState(false);
  const [opening, setOpening] = useState(false);
  const [problem, setProblem] = useState<ErrorReport | null>(null);
  const all = users.data?.users ?? [];
  const first = useRef<HTMLInputElement>(null);
  const isKnown = users.isSuccess;
  useEffect(() => {
    if (isKnown) first.current?.focus();
  }, [isKnown]);
  const wanted = typed.trim().toLowerCase();
  const shown = all.filter(({ name, role }) => `${name} ${role}`.toLowerCase().includes(wanted));

  const open = () => {
    if (user === null || opening) return;
    setOpening(true);
    setProblem(null);
    registry
      .openAs(of.id, user)
      .then(() => (only ? registry.keepFor(user) : undefined))
      .then(closeConnecting, (error: unknown) => setProblem(reportOf(error)))
      .finally(() => setOpening(false));
  };

  return (
    <form
      className={classes.stack}
      onSubmit={(event) => {
        event.preventDefault();
        open();
      }}
    >
      <p className={classes.about}>{t('connect.whom.about', { name: of.name })}</p>
      {users.isError && (
        <ErrorNotice
          report={reportOf(users.error)}
          action={{ label: t('common.retry'), onClick: () => void users.refetch() }}
        />
      )}
      {users.data && all.length === 0 && <p className={classes.about}>{t('connect.whom.nobody')}</p>}
      {all.length > FEW && (
        <TextInput
          ref={first}
          aria-label={t('connect.whom.find')}
          placeholder={t('connect.whom.find')}
          leftSection={<IconSearch size={14} stroke={1.75} aria-hidden />}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
      )}
      {all.length > 0 && (
        <ScrollBox className={classes.users} label={t('connect.whom.users')}>
          <Radio.Group value={user ?? ''} onChange={setUser} aria-label={t('connect.whom.users')}>
            {shown.map(({ name, role }, at) => (
              <Radio
                ref={at === 0 && all.length <= FEW ? first : undefined}
                key={name}
                value={name}
                size="sm"
                className={classes.user ?? ''}
                label={
                  <>
                    <span className="name">{name}</span>{' '}
                    <span className={`name ${classes.role ?? ''}`}>{role}</span>
                  </>
                }
              />
            ))}
          </Radio.Group>
          {shown.length === 0 && <p className={classes.about}>{t('connect.whom.none')}</p>}
        </ScrollBox>
      )}
      {all.length > 0 && (
        <div>
          <Check checked={only} onChange={setOnly}>
            {t('connect.whom.only')}
          </Check>
          <p className={classes.under}>{t('connect.whom.onlyAbout')}</p>
        </div>
      )}
      {problem && <ErrorNotice report={problem} />}
      <Group gap={8} justify="flex-end">
        <Button variant="default" onClick={closeConnecting}>
          {t('common.cancel')}
        </Button>
        <Button type="submit" loading={opening} disabled={user === null}>
          {t('connect.whom.open')}
        </Button>
      </Group>
    </form>
  );
}
