import {
  createContext,
  use,
  useMemo,
  useState,
  type Dispatch,
  type ReactNode,
  type SetStateAction,
} from 'react';

/** What was typed for the next export. */
export interface Draft {
  /** `null` while the name is automatic. */
  typedName: string | null;
  notes: string;
}

type Held = readonly [Draft, Dispatch<SetStateAction<Draft>>];

const EMPTY: Draft = { typedName: null, notes: '' };
const DraftContext = createContext<Held | null>(null);

/** Keeps what was typed while another project or registry is looked at. */
export function DraftProvider({ children }: { children: ReactNode }) {
  const [draft, setDraft] = useState(EMPTY);
  const held = useMemo((): Held => [draft, setDraft], [draft]);
  return <DraftContext value={held}>{children}</DraftContext>;
}

/** What was typed; without a keeper above, for as long as the page is there. */
export function useDraft(): Held {
  const own = useState(EMPTY);
  return use(DraftContext) ?? own;
}
