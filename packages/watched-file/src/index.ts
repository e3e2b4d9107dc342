export { UnfitFileError } from './appearance.ts';
export { type FileFollower, WatchedFile, type WatchedFileOptions } from './watched-file.ts';
