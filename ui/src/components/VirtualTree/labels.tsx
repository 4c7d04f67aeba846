import { createContext } from 'react';

/** Short labels of modalities by their slugs, for rows. */
export const LabelsContext = createContext<ReadonlyMap<string, string>>(new Map());
