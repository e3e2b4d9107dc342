export { WatchedFile, type WatchedFileOptions } from './watched-file.ts';
