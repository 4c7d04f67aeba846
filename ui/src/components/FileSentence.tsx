import { useTranslation } from 'react-i18next';

import { errors } from '../errors/strings.en';
import { causeWord, isOfRust } from '../errors/words';

interface Props {
  problem: { code: string; message: string };
  className?: string | undefined;
}

/** What is wrong with one file: Rust's sentence, or its cause in the language of the window with the exact sentence as title. */
export function FileSentence({ problem: { code, message }, className }: Props) {
  const { t } = useTranslation();
  if (isOfRust(t)) return <span className={className}>{message}</span>;
  if (!(code in errors.ofFile))
    return (
      <span className={className} lang="en">
        {message}
      </span>
    );
  return (
    <span className={className} title={message}>
      {causeWord(code, t)}
    </span>
  );
}
