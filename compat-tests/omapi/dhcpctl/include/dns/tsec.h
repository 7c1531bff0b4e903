#ifndef STANDIN_DNS_TSEC_H
#define STANDIN_DNS_TSEC_H
typedef struct dns_tsec dns_tsec_t;
#endif
