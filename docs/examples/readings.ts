/** Stands for the application's database. */
export const saved: unknown[] = [];

export async function saveReading(room: string | undefined, quantity: string | undefined, value: unknown) {
  saved.push([room, quantity, value]);
}
