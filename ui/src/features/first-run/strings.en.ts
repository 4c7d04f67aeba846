export const firstRun = {
  title: 'One ZIP that you can prove complete',
  what: 'Choose patients and modalities, and Sheaf gathers their images into one structured ZIP, checked file by file, that you find again tomorrow.',
  choices: 'How to begin',
  open: 'Open a registry…',
  openAbout: 'A registry file that says which patients there are, and which files are theirs.',
  demo: 'Try the demo',
  demoAbout:
    'Makes a small registry of invented patients, with images, on this computer. Takes a few seconds.',
  making: 'Making the demo…',
  makingAbout: 'Invented patients with invented images. It opens when it is ready.',
  cancelling: 'Cancelling…',
  recent: 'Opened before',
  missing: 'Not found',
  notTold: 'Does not answer',
  remove: 'Remove {{name}} from this list',
  problem: 'The registry of last time could not be opened',
  openAnother: 'Open another…',
};
