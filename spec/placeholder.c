typedef int spec_placeholder;
