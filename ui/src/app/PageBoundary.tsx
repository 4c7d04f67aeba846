import { Button } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { Component, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import classes from './PageBoundary.module.css';

interface State {
  failed: boolean;
}

/** A page that breaks says so in its place; the rest of the window, and every export, goes on. */
export class PageBoundary extends Component<{ children: ReactNode }, State> {
  override state: State = { failed: false };

  static getDerivedStateFromError(): State {
    return { failed: true };
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return <Broken onRetry={() => this.setState({ failed: false })} />;
  }
}

function Broken({ onRetry }: { onRetry: () => void }) {
  const { t } = useTranslation();
  return (
    <div className={classes.broken} role="alert">
      <IconAlertTriangle size={32} stroke={1.5} aria-hidden className={classes.icon} />
      <h1 className={classes.title}>{t('common.broken.title')}</h1>
      <p className={classes.body}>{t('common.broken.body')}</p>
      <div className={classes.buttons}>
        <Button onClick={onRetry}>{t('common.retry')}</Button>
        <Button variant="default" onClick={() => window.location.reload()}>
          {t('common.broken.reload')}
        </Button>
      </div>
    </div>
  );
}
