// Sets the passwords of several users, in a process of its own: node setter.mjs FILE NAME COUNT
import { setPassword } from '@carillon/auth-password';

const [file, name, count] = process.argv.slice(2);
for (let number = 0; number < Number(count); number++) {
  await setPassword(file, `${name}-${number}`, 'x', { cost: { N: 1024, r: 8, p: 1 } });
}
