import { memo } from 'react';

import boxes from '../../components/Check.module.css';
import type { StudyLine } from '../../bindings/StudyLine';
import { cellOf } from './cells';
import type { Field } from './fields';
import classes from './StudyTable.module.css';

interface Props {
  id: string;
  index: number;
  line: StudyLine | undefined;
  fields: readonly Field[];
  active: boolean;
  open: boolean;
}

/** Plain elements: dozens of these are drawn a frame. */
export const StudyTableRow = memo(function StudyTableRow({ id, index, line, fields, active, open }: Props) {
  return (
    <div
      id={id}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={line?.selected ?? false}
      data-index={index}
      data-active={active || undefined}
      data-open={open || undefined}
      data-selected={line?.selected === true || undefined}
      className={classes.row}
    >
      <span role="gridcell" data-part="box" className={classes.check}>
        <span className={boxes.box} data-check={line?.selected === true ? 'all' : 'none'} aria-hidden />
      </span>
      {line === undefined ? (
        <span role="gridcell" className={classes.ghost} />
      ) : (
        fields.map((field) => {
          const text = cellOf(line, field);
          return (
            <span
              key={field}
              role="gridcell"
              data-field={field}
              className={`name ${classes.cell ?? ''}`}
              title={text}
            >
              {text}
            </span>
          );
        })
      )}
    </div>
  );
});
