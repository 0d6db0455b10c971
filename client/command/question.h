/* A question to who sits at the terminal, before something that cannot be undone. */
#ifndef DFS_QUESTION_H
#define DFS_QUESTION_H

struct run;

enum question_answer {
	QUESTION_YES,
	QUESTION_NO,
	QUESTION_NOBODY /* there is no terminal to ask at */
};

/* --yes answers it without asking.  The text is a sentence without a question mark. */
enum question_answer question_ask(struct run *run, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
