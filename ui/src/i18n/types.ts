/** The shape of a catalogue, without its words: what a second language must have too. */
export type Catalogue<T> = { [K in keyof T]: T[K] extends string ? string : Catalogue<T[K]> };
