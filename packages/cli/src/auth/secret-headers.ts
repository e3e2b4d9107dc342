import { isObject, refuse } from '../checked-values.ts';
import { type OptionForm, secretText } from '../option-forms.ts';

/** Headers for a service: often a secret, so `--check` shows their names only. */
export const secretHeaders: OptionForm<Readonly<Record<string, string>>> = {
  read: (value, place) => {
    if (!isObject(value)) return refuse(place.path, value, 'an object from name to text');
    const entries = Object.entries(value);
    return Object.fromEntries(
      entries.map(([name, text]) => [
        name,
        secretText.read(text, { ...place, path: `${place.path}.${name}` }),
      ]),
    );
  },
  show: (value) =>
    Object.fromEntries(Object.entries(Object(value)).map(([name, text]) => [name, secretText.show(text)])),
};
