import { useQuery } from '@tanstack/react-query';

import { keys } from '../../api/keys';
import { useHost } from '../../host/context';
import { SummaryBars } from './SummaryBars';

/** The pictures of the list that is shown. They come a little after it, and the earlier ones stay until then. */
export function Summary({ revision, matching }: { revision: number; matching: number }) {
  const host = useHost();
  const summary = useQuery({
    queryKey: keys.studiesSummary(revision),
    queryFn: () => host.call('studies_summary', {}),
    placeholderData: (before) => before,
    gcTime: 0,
  });
  if (!summary.data || matching === 0) return null;
  return (
    <SummaryBars
      status={summary.data.by_status}
      source={summary.data.by_source}
      month={summary.data.by_month}
    />
  );
}
