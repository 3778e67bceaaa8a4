/** Opens something by hand for the person at the screen, who is shown what that does and asked where the host asks. */
import { type GuardSays, type Guarded, type OpenedGuarded, type Person, openFor } from './guarded';
import { ask, say } from './say';

/** As openFor. */
export function openGuarded<Opened, Says extends GuardSays>(
  guarded: Guarded<Opened, Says>,
): Promise<OpenedGuarded<Opened> | undefined> {
  return openFor(atScreen, guarded);
}

export const atScreen: Person = {
  isRefused: (text, detail) => say.refusal(text, detail),
  agrees: async (text, detail) => {
    const button = 'Open';
    return (await ask(text, detail, button)) === button;
  },
};
