declare module 'aedes-persistence-level' {
  const create: (database: object) => object;
  export default create;
}
