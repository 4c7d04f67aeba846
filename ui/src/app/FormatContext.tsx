import { createContext, use } from 'react';

import { makeFormat, type Format } from '../format/format';

export const FormatContext = createContext<Format>(makeFormat('en'));

/** Numbers, sizes and times in the locale of the window. */
export function useFormat(): Format {
  return use(FormatContext);
}
