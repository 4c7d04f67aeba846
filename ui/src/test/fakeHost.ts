import type { Event } from '../bindings/Event';
import { HostError, type CommandName, type Host, type Input, type Output } from '../host/types';

type Answers = { [C in CommandName]?: (input: Input<C>) => Output<C> | Promise<Output<C>> };

/** A host for tests: answers as told, remembers what was asked, tells events. */
export interface FakeHost extends Host {
  /** Every call in order. */
  readonly calls: { command: CommandName; input: unknown }[];
  /** Replaces answers. */
  answer(answers: Answers): void;
  /** Tells the page something. */
  tell(event: Event): void;
}

export function makeFakeHost(initial: Answers): FakeHost {
  const answers: Answers = { ...initial };
  const calls: { command: CommandName; input: unknown }[] = [];
  let listener: (event: Event) => void = () => undefined;
  return {
    calls,
    answer: (more) => void Object.assign(answers, more),
    tell: (event) => listener(event),
    async call<C extends CommandName>(command: C, input: Input<C>): Promise<Output<C>> {
      calls.push({ command, input });
      await Promise.resolve();
      const answer = answers[command];
      if (!answer)
        throw new HostError({
          code: 'NOT_YET',
          message: `${command} is not answered here.`,
          hint: '',
          details: [],
        });
      return answer(input);
    },
    listen(heard) {
      listener = heard;
      // As Rust does: tests that take long are not tests of silence.
      setInterval(() => heard({ type: 'alive' }), 500);
      return Promise.resolve();
    },
  };
}
