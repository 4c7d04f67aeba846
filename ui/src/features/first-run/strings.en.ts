export const firstRun = {
  title: 'first-run',
};
