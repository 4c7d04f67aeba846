import { Modal } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { closeFolderQuestion, useFolderQuestion } from '../../api/imageFolder';
import { SOURCE_TASK, useTaskProgress } from '../../api/tasks';
import { FolderForm, type Said } from './FolderForm';

/** Asks how the paths of a folder of images are read, shows what that makes of some, and has it read so. */
export function ImageFolderDialog() {
  const { t } = useTranslation();
  const question = useFolderQuestion();
  // While it is read, that is shown in place of this one.
  const reading = useTaskProgress(SOURCE_TASK) !== undefined;
  // What was said outlives the form, which gives way while the folder is read.
  const [said, setSaid] = useState<(Said & { turn: number }) | null>(null);
  const turn = question?.turn ?? 0;
  return (
    <Modal
      opened={question !== null && question.opened && !reading}
      onClose={() => closeFolderQuestion(false)}
      title={question?.choice.known === true ? t('imageFolder.titleAnew') : t('imageFolder.title')}
      size={1040}
      closeOnClickOutside={false}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      {question && (
        <FolderForm
          key={turn}
          choice={question.choice}
          said={said?.turn === turn ? said : null}
          onSaid={(now) => setSaid({ ...now, turn })}
        />
      )}
    </Modal>
  );
}
