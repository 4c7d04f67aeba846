import { useFormat } from '../app/FormatContext';

/** A size; the exact bytes on hover. */
export function Bytes({ value }: { value: number }) {
  const format = useFormat();
  return <span title={format.exactBytes(value)}>{format.bytes(value)}</span>;
}
