import { Modal } from '@mantine/core';
import type { TFunction } from 'i18next';
import { Fragment } from 'react';
import { useTranslation } from 'react-i18next';

import { Kbd } from '../components/Kbd';
import classes from './ShortcutSheet.module.css';

interface Props {
  opened: boolean;
  onClose: () => void;
}

/** One way to press it, or several. */
type Keys = readonly (readonly string[])[];

/** Every key of the window, in groups. */
export function ShortcutSheet({ opened, onClose }: Props) {
  const { t } = useTranslation();
  const key = (name: Parameters<typeof keyName>[1]) => keyName(t, name);
  const ctrl = key('ctrl');
  const shift = key('shift');
  const groups: { title: string; rows: [label: string, keys: Keys][] }[] = [
    {
      title: t('common.shortcuts.everywhere'),
      rows: [
        [t('common.shortcuts.palette'), [[ctrl, 'K']]],
        [t('common.pages.newExport'), [[ctrl, '1']]],
        [t('common.pages.exports'), [[ctrl, '2']]],
        [t('common.pages.studies'), [[ctrl, '3']]],
        [t('common.pages.settings'), [[ctrl, ',']]],
        [t('common.shortcuts.sheet'), [['?']]],
        [t('common.shortcuts.closeDialog'), [[key('escape')]]],
      ],
    },
    {
      title: t('common.shortcuts.newExport'),
      rows: [
        [t('common.shortcuts.find'), [['/']]],
        [t('common.shortcuts.create'), [[ctrl, key('enter')]]],
        [t('common.shortcuts.undo'), [[ctrl, 'Z']]],
        [
          t('common.shortcuts.redo'),
          [
            [ctrl, shift, 'Z'],
            [ctrl, 'Y'],
          ],
        ],
      ],
    },
    {
      title: t('common.shortcuts.tree'),
      rows: [
        [t('common.shortcuts.move'), [['↑'], ['↓']]],
        [t('common.shortcuts.fold'), [['←'], ['→']]],
        [t('common.shortcuts.openSiblings'), [['*']]],
        [t('common.shortcuts.ends'), [[key('home')], [key('end')]]],
        [t('common.shortcuts.page'), [[key('pageUp')], [key('pageDown')]]],
        [t('common.shortcuts.jump'), [[t('common.shortcuts.jumpKeys')]]],
        [t('common.shortcuts.check'), [[key('space')]]],
        [
          t('common.shortcuts.checkRange'),
          [
            [shift, key('space')],
            [shift, key('click')],
          ],
        ],
        [t('common.shortcuts.checkAll'), [[ctrl, 'A']]],
      ],
    },
    {
      title: t('common.shortcuts.exports'),
      rows: [
        [t('common.shortcuts.find'), [['/']]],
        [t('common.shortcuts.move'), [['↑'], ['↓']]],
        [t('common.shortcuts.details'), [[key('enter')]]],
        [t('common.shortcuts.menu'), [[shift, 'F10']]],
        [t('common.shortcuts.removeExport'), [[key('del')]]],
      ],
    },
    {
      title: t('common.pages.studies'),
      rows: [
        [t('common.shortcuts.find'), [['/']]],
        [t('common.shortcuts.move'), [['↑'], ['↓']]],
        [t('common.shortcuts.details'), [[key('enter')], [key('click')]]],
        [t('common.shortcuts.check'), [[key('space')], [ctrl, key('click')]]],
        [
          t('common.shortcuts.checkRange'),
          [
            [shift, key('space')],
            [shift, key('click')],
          ],
        ],
        [t('common.shortcuts.checkAll'), [[ctrl, 'A']]],
        [t('common.shortcuts.uncheckAll'), [[ctrl, shift, 'A']]],
        [t('common.shortcuts.copyRows'), [[ctrl, 'C']]],
        [t('common.shortcuts.exportTable'), [[ctrl, key('enter')]]],
      ],
    },
    {
      title: t('common.shortcuts.headers'),
      rows: [
        [t('common.shortcuts.move'), [['←'], ['→']]],
        [t('common.shortcuts.sort'), [[key('enter')]]],
        [
          t('common.shortcuts.moveColumn'),
          [
            [key('alt'), '←'],
            [key('alt'), '→'],
          ],
        ],
        [
          t('common.shortcuts.resizeColumn'),
          [
            [shift, '←'],
            [shift, '→'],
          ],
        ],
      ],
    },
  ];
  return (
    <Modal opened={opened} onClose={onClose} title={t('common.shortcuts.title')} size={720}>
      <div className={classes.groups}>
        {groups.map((group) => (
          <section key={group.title} className={classes.group}>
            <h3 className={classes.title}>{group.title}</h3>
            <dl className={classes.rows}>
              {group.rows.map(([label, keys]) => (
                <div key={label} className={classes.row}>
                  <dt>{label}</dt>
                  <dd>
                    {keys.map((each, index) => (
                      <Fragment key={each.join('+')}>
                        {index > 0 && <span className={classes.or}>{t('common.shortcuts.or')}</span>}
                        <Kbd keys={each} />
                      </Fragment>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Modal>
  );
}

type Name =
  | 'space'
  | 'enter'
  | 'escape'
  | 'shift'
  | 'ctrl'
  | 'home'
  | 'end'
  | 'pageUp'
  | 'pageDown'
  | 'click'
  | 'del'
  | 'alt';

function keyName(t: TFunction, name: Name): string {
  return t(`common.shortcuts.keys.${name}`);
}
