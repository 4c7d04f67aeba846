import type { BrowseState } from '../../bindings/BrowseState';
import type { ContentsInput } from '../../bindings/ContentsInput';
import type { FilterInput } from '../../bindings/FilterInput';

/** The filter as it stands, to be changed and sent. */
export function filterOf(state: BrowseState): FilterInput {
  const { tags, tag_mode, modalities, text, among } = state.filter;
  return { tags, tag_mode, modalities, text, among };
}

/** Whether anything narrows the tree. */
export function narrows(filter: FilterInput): boolean {
  return (
    filter.tags.length > 0 ||
    filter.modalities.length > 0 ||
    filter.text.trim() !== '' ||
    filter.among !== null
  );
}

/** The filter that shows everyone. */
export function noFilter(filter: FilterInput): FilterInput {
  return { tags: [], tag_mode: filter.tag_mode, modalities: [], text: '', among: null };
}

/** An id added to a list, or taken out of it. */
export function toggled(ids: readonly number[], id: number): number[] {
  return ids.includes(id) ? ids.filter((each) => each !== id) : [...ids, id];
}

/** Whether a modality counts. */
export function counts(contents: ContentsInput, modality: number): boolean {
  return contents.modalities === null || contents.modalities.includes(modality);
}

/** A modality checked or unchecked; all checked says `null`, which holds for modalities to come as well. */
export function withModality(
  contents: ContentsInput,
  all: readonly number[],
  modality: number,
): ContentsInput {
  const before = contents.modalities ?? all;
  const after = toggled(before, modality);
  return { ...contents, modalities: all.every((id) => after.includes(id)) ? null : after };
}
