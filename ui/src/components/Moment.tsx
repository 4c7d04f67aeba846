import { useFormat } from '../app/FormatContext';
import { useNow } from '../app/useNow';

/** A time as people say it; the ISO time on hover. */
export function Moment({ time, relative = false }: { time: string; relative?: boolean }) {
  const format = useFormat();
  const now = useNow();
  return (
    <time dateTime={time} title={`${format.exactTime(time)}\n${time}`}>
      {relative ? format.ago(time, now) : format.moment(time, now)}
    </time>
  );
}
