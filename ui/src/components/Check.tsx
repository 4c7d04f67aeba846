import type { ReactNode } from 'react';

import classes from './Check.module.css';

interface Props {
  checked: boolean;
  mixed?: boolean;
  disabled?: boolean;
  onChange: (checked: boolean) => void;
  className?: string | undefined;
  title?: string | undefined;
  children: ReactNode;
}

/** A box with its words, as the tree draws it. */
export function Check({
  checked,
  mixed = false,
  disabled = false,
  onChange,
  className,
  title,
  children,
}: Props) {
  return (
    <label
      className={className === undefined ? classes.label : `${classes.label ?? ''} ${className}`}
      data-disabled={disabled || undefined}
      title={title}
    >
      <input
        type="checkbox"
        className={classes.box}
        checked={checked}
        disabled={disabled}
        ref={(input) => {
          if (input) input.indeterminate = mixed;
        }}
        onChange={() => onChange(!checked)}
      />
      {children}
    </label>
  );
}
