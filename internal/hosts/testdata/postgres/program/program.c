// Called with a connection's config, a table and a column, it prints how many rows there are, or fails with the scan.
#include <stdio.h>
#include "host.h"

int main(int argc, char **argv) {
	char *wrong = hostConfigure(argv[1]);
	if (wrong == NULL) {
		int rows = 0;
		hostBegin(argv[2], argv[3]);
		while (hostNext()) rows++;
		wrong = hostEnd();
		if (wrong == NULL) printf("%d\n", rows);
	}
	if (wrong != NULL) fprintf(stderr, "%s\n", wrong);
	return wrong != NULL;
}
