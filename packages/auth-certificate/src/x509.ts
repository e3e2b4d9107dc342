// The one door to @peculiar/x509, which needs this to have been imported before anything of its own.
import 'reflect-metadata';

export * from '@peculiar/x509';
