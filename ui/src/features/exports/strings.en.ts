export const exportsPage = {
  title: 'exports',
};
