declare module 'aedes-persistence-level' {
  export default function aedesPersistenceLevel(level: object): object;
}
