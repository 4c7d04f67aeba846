import { Menu } from '@mantine/core';
import {
  IconArrowBackUp,
  IconCopy,
  IconFileOff,
  IconFileSearch,
  IconFingerprint,
  IconFolderOpen,
  IconInfoCircle,
  IconListDetails,
  IconPlayerStop,
  IconRefresh,
  IconRepeat,
  IconShieldCheck,
  IconFileDownload,
  IconTrash,
  IconX,
} from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

import type { ExportRow } from '../../bindings/ExportRow';
import type { MenuPlace } from './ExportItem';
import { actsOf, type Act } from './model';
import { actWord } from './words';

const ICONS: Record<Act, typeof IconX> = {
  cancel: IconPlayerStop,
  show: IconFolderOpen,
  retry: IconRefresh,
  restart: IconRefresh,
  locate: IconFileSearch,
  recreate: IconArrowBackUp,
  leaveOut: IconFileOff,
  details: IconInfoCircle,
  saveCopy: IconFileDownload,
  copyPath: IconCopy,
  copySha256: IconFingerprint,
  verify: IconShieldCheck,
  again: IconRepeat,
  copyReport: IconListDetails,
  remove: IconX,
  trash: IconTrash,
};

/** Acts that must not run twice at once on one export. */
const LONG: ReadonlySet<Act> = new Set([
  'verify',
  'saveCopy',
  'locate',
  'retry',
  'restart',
  'again',
  'recreate',
  'leaveOut',
  'trash',
  'remove',
]);

interface Props {
  row: ExportRow;
  place: MenuPlace;
  busy: boolean;
  onAct: (act: Act, row: ExportRow) => void;
  onClose: () => void;
}

/** The menu of the row that asked for it: at the dots, or where the pointer was. */
export function RowMenu({ row, place, busy, onAct, onClose }: Props) {
  const { t } = useTranslation();
  return (
    <Menu
      opened
      onClose={onClose}
      position="bottom-end"
      width={290}
      returnFocus={false}
      trapFocus
      // Not keys: the one that opened it would close it again on its way up.
      clickOutsideEvents={['mousedown', 'touchstart']}
    >
      {/* Only a place; it names the menu, and nobody meets it. */}
      <Menu.Target>
        <button
          type="button"
          aria-hidden
          tabIndex={-1}
          aria-label={t('exports.menu', { name: row.name })}
          style={{
            position: 'fixed',
            left: place.x,
            top: place.y,
            width: 0,
            height: 0,
            padding: 0,
            border: 0,
          }}
        />
      </Menu.Target>
      <Menu.Dropdown>
        {actsOf(row).menu.map((group, index) => [
          index > 0 && <Menu.Divider key={`line-${index}`} />,
          ...group.map((act) => {
            const Icon = ICONS[act];
            return (
              <Menu.Item
                key={act}
                leftSection={<Icon size={16} stroke={1.75} aria-hidden />}
                style={act === 'trash' ? { color: 'var(--bad)' } : undefined}
                disabled={busy && LONG.has(act)}
                onClick={() => onAct(act, row)}
              >
                {actWord(act, row, t)}
              </Menu.Item>
            );
          }),
        ])}
      </Menu.Dropdown>
    </Menu>
  );
}
