declare module 'aedes-persistence-level' {
  const create: (database: object) => object;
  export default create;
}
declare module 'aedes-persistence-level-9-1' {
  const create: (database: object) => object;
  export default create;
}
declare module 'aedes-persistence-redis' {
  const create: (options: object) => { destroy(): Promise<void> };
  export default create;
}
declare module 'aedes-persistence/asyncPersistence.js' {
  const Persistence: new (options?: object) => object;
  export default Persistence;
}
declare module 'aedes-persistence-mongodb' {
  const create: (options: object) => object;
  export default create;
}
