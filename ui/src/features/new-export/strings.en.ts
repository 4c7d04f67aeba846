export const newExport = {
  title: 'new-export',
};
