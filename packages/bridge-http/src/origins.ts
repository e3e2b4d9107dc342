import { nonEmptyTexts, refuse } from '@carillon/hooks/checks';

/** Origins as browsers write them: scheme, host, port, nothing after. */
export function checkOrigins(value: unknown, field: string): '*' | readonly string[] {
  if (value === '*') return value;
  return nonEmptyTexts(value, field).map((origin, place) => {
    const isOrigin = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]+$/i.test(origin) && URL.canParse(origin);
    if (isOrigin) return origin.toLowerCase();
    return refuse(`${field}[${place}]`, origin, 'an origin such as "https://app.example.com"');
  });
}
