import type { DatasetExport } from '../../bindings/DatasetExport';
import type { FileProblem } from '../../bindings/FileProblem';

/** Files with a problem: those of the archive, or those that made the export fail. */
export function problemsOf(record: DatasetExport): FileProblem[] {
  if (record.problems.length > 0) return record.problems;
  return (record.error?.details ?? []).filter((detail): detail is FileProblem => typeof detail !== 'string');
}

/** Sentences and names among the details of an error. */
export function textsOf(record: DatasetExport): string[] {
  return (record.error?.details ?? []).filter((detail): detail is string => typeof detail === 'string');
}

/** Codes with how many files have them, the most frequent first. */
export function countCodes(problems: readonly FileProblem[]): { code: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { code } of problems) counts.set(code, (counts.get(code) ?? 0) + 1);
  return [...counts]
    .map(([code, count]) => ({ code, count }))
    .sort((a, b) => b.count - a.count || (a.code < b.code ? -1 : 1));
}

/** Problems of a code (all without one) whose path, patient or sentence holds the text. */
export function filterProblems(
  problems: readonly FileProblem[],
  code: string | null,
  typed: string,
): FileProblem[] {
  const text = typed.trim().toLocaleLowerCase();
  return problems.filter(
    (problem) =>
      (code === null || problem.code === code) &&
      (text === '' ||
        [problem.path, problem.patient, problem.message].some((part) =>
          part.toLocaleLowerCase().includes(text),
        )),
  );
}
