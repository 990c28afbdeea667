/* SPDX-License-Identifier: MIT
 *
 * Locales for tests, made on the spot: which ones a machine has installed must not matter.
 */
#ifndef TEST_HOST_LOCALE_H
#define TEST_HOST_LOCALE_H

/* Makes the locale ("de_DE" with "UTF-8") with localedef and sets it for the whole program, as a
 * host program would. Ends the program where that is not possible. */
void test_locale_set(const char *name, const char *charset);
/* Back to the C locale. What was made is kept until the program ends. */
void test_locale_unset(void);

#endif
