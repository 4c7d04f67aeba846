/** Codes of files that cannot be had: an export that leaves them out goes on without them. */
const OF_FILES = new Set([
  'SOURCE_MISSING',
  'SOURCE_UNREADABLE',
  'SOURCE_NOT_REGULAR',
  'PATH_ESCAPE',
  'ROOT_MISSING',
  'SOURCE_IO',
]);

/** Whether leaving out files would have avoided an error. */
export function isOfFiles(code: string | undefined): boolean {
  return code !== undefined && OF_FILES.has(code);
}
